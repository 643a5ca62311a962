/**
 * The catalogue of known causes, which the controller, the kubectl plugin and
 * docs/troubleshooting.md share. Imports the model only. Start at {@link
 * io.vdi.operator.common.diagnosis.KnownCause}.
 */
package io.vdi.operator.common.diagnosis;
