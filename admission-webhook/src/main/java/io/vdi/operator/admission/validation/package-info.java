/**
 * The rules of admission as pure functions: a request, its context and the configuration in, a
 * {@link io.vdi.operator.admission.validation.Verdict} out. May import the model and quota amounts.
 * Start at {@link io.vdi.operator.admission.validation.SessionAdmission}.
 */
package io.vdi.operator.admission.validation;
