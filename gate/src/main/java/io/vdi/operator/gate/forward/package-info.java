/**
 * Answers the router's question about each request to a desktop; docs/decisions/gate-tokens.md. The
 * decision is pure. Imports the tokens and Helidon. Start at {@link
 * io.vdi.operator.gate.forward.ForwardRules}.
 */
package io.vdi.operator.gate.forward;
