/**
 * How a sign-in on the portal opens a desktop on another host: tickets and the cookies of desktops;
 * docs/decisions/gate-tokens.md. Imports the tokens and Helidon. Start at {@link
 * io.vdi.operator.gate.ticket.OpenRoutes}.
 */
package io.vdi.operator.gate.ticket;
