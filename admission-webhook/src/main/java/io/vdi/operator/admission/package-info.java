/**
 * The admission webhook: configuration, wiring and life cycle, and the way of a request through
 * rules and quotas. May import its other packages and the runtime. Start at {@link
 * io.vdi.operator.admission.AdmissionHandler}; {@code AdmissionWebhook} connects the parts.
 */
package io.vdi.operator.admission;
