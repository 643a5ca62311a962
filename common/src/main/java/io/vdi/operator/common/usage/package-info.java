/**
 * How much desktops were used: sums of intervals by user, group, template and month, and budgets of
 * GPU hours. Pure values; imports the model, and Gson to parse. Start at {@link
 * io.vdi.operator.common.usage.UsageReport}.
 */
package io.vdi.operator.common.usage;
