/**
 * The objects of a session as they should be, one builder for each kind. Pure: the same session
 * always gives the same objects; no I/O, no clock, no threads. Start at {@link
 * io.vdi.operator.controller.session.resources.DesiredState}.
 */
package io.vdi.operator.controller.session.resources;
