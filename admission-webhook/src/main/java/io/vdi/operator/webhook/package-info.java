/**
 * The admission webhook: decode, decide, reserve, answer. Start at {@link
 * io.vdi.operator.webhook.Webhook}, which puts everything together; the rules are in {@code
 * decide}.
 */
package io.vdi.operator.webhook;
