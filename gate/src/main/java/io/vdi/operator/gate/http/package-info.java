/**
 * HTTP as the gate needs it: cookies, pages and the defences of the portal. Imports Helidon. Start
 * at {@link io.vdi.operator.gate.http.PortalDefences}.
 */
package io.vdi.operator.gate.http;
