/**
 * How much desktops were used: sums of intervals by user, group, template and month. Pure values;
 * imports the model. Start at {@link io.vdi.operator.common.usage.UsageReport}.
 */
package io.vdi.operator.common.usage;
