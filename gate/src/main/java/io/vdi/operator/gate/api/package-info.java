/**
 * What a user can do with desktops: the contract that the portal and the REST API share. Imports
 * values of common only. Start at {@link io.vdi.operator.gate.api.Desktops}.
 */
package io.vdi.operator.gate.api;
