/**
 * Tells users what happens to their sessions, once and without delaying the work of the reaper;
 * docs/decisions/notices.md. Imports {@code common.notice}, which decides what is told, and the
 * clients of the receivers. Start at {@link io.vdi.operator.reaper.notice.Notifier}.
 */
package io.vdi.operator.reaper.notice;
