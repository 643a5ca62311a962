/**
 * The objects of a session as they should be, one class for each kind. Pure: the same session
 * always gives the same objects. Start at {@link
 * io.vdi.operator.controller.session.resources.DesiredState}.
 */
package io.vdi.operator.controller.session.resources;
