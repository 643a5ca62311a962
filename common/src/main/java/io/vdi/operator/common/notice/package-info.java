/**
 * Pure: what the users of sessions are told, and when; docs/specification.md, section 5. The reaper
 * sends it, the gate shows it. Imports the model only. Start at {@link
 * io.vdi.operator.common.notice.Notices}.
 */
package io.vdi.operator.common.notice;
