/**
 * Admits pods by the quotas, and their metrics. Imports the quota rules of {@code common}, the
 * caches and the observed session. Start at {@link io.vdi.operator.controller.quota.QuotaAdmitter}.
 */
package io.vdi.operator.controller.quota;
