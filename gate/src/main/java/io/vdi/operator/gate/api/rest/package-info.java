/**
 * The REST API {@code /api/v1}: HTTP and JSON around the contract of the desktops. Imports Helidon.
 * Start at {@link io.vdi.operator.gate.api.rest.ApiRoutes}.
 */
package io.vdi.operator.gate.api.rest;
