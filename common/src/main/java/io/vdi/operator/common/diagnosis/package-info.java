/**
 * The catalogue of what can be wrong: {@link io.vdi.operator.common.diagnosis.KnownCause}. The
 * controller says it in the status of sessions, the doctor of the kubectl plugin looks for all of
 * it, and docs/troubleshooting.md is made from it. Imports nothing but the model.
 */
package io.vdi.operator.common.diagnosis;
