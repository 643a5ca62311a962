/**
 * Records how long which desktop ran, as VDIUsage objects that survive restarts and changes of the
 * leader. Imports plans, caches and the client. Start at {@link
 * io.vdi.operator.controller.usage.UsageRecorder}.
 */
package io.vdi.operator.controller.usage;
