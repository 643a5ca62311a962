/**
 * Every rule of admission, spec.md sections 1 and 4, without I/O, clock or randomness: a request
 * and what is known go in, a {@link io.vdi.operator.webhook.decide.Decision} comes out. Imports the
 * model only. Start at {@link io.vdi.operator.webhook.decide.Decider}.
 */
package io.vdi.operator.webhook.decide;
