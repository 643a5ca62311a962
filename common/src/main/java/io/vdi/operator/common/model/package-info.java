/**
 * VDISession and VDITemplate, what is derived from them (defaults, names, hosts), and the fields of
 * other kinds that the operator reads. Values without I/O; imports Gson and, of the client,
 * quantities and marker interfaces. Start at {@link io.vdi.operator.common.model.VdiSession}.
 */
package io.vdi.operator.common.model;
