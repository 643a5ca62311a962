/**
 * The admission webhook: decode, decide, reserve, answer. Start at {@link
 * io.vdi.operator.admission.AdmissionWebhook}, which puts everything together; the rules are in
 * {@code decide}.
 */
package io.vdi.operator.admission;
