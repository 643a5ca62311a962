/**
 * Configuration in three layers, with validation and reload. Imports Helidon's config, Logback for
 * the log levels, and the quotas of common. Start at {@link
 * io.vdi.operator.runtime.config.ReloadableConfig}.
 */
package io.vdi.operator.runtime.config;
