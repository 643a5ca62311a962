/**
 * Every rule of admission, spec.md sections 1 and 4, without I/O, clock or randomness: a request
 * and what is known go in, a {@link io.vdi.operator.admission.validation.Decision} comes out.
 * Imports the model only. Start at {@link io.vdi.operator.admission.validation.SessionAdmission}.
 */
package io.vdi.operator.admission.validation;
