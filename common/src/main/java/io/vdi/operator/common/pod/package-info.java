/**
 * How a template shapes the operator's pod: what can be merged over it, and what is refused. Pure;
 * imports the model. Start at {@link io.vdi.operator.common.pod.StrategicMerge}.
 */
package io.vdi.operator.common.pod;
