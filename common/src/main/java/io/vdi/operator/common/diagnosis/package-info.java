/**
 * The catalogue of known causes, which the controller, the kubectl plugin, the portal and
 * docs/troubleshooting.md share, and the messages of the controller, which the portal translates.
 * Imports the model only. Start at {@link io.vdi.operator.common.diagnosis.KnownCause}.
 */
package io.vdi.operator.common.diagnosis;
