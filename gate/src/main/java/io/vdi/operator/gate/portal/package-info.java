/**
 * The pages of the portal and the progress that they follow. Imports the API, the sign-in and
 * Helidon. Start at {@link io.vdi.operator.gate.portal.PortalRoutes}.
 */
package io.vdi.operator.gate.portal;
