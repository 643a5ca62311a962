/**
 * The two kinds people write (VDISession, VDITemplate), what is derived from them (defaults, names,
 * hosts), and the few fields of other kinds that the operator reads. Values only, no I/O; of the
 * Kubernetes client only {@code Quantity} and the informer's marker interfaces. Start at {@link
 * io.vdi.operator.common.model.VdiSession}.
 */
package io.vdi.operator.common.model;
