/**
 * Decides which sessions, children and homes the reaper deletes, and when: values in, verdicts out.
 * Pure: it imports the model only, does no I/O and reads no clock. Start at {@link
 * io.vdi.operator.reaper.policy.ReapPolicy}.
 */
package io.vdi.operator.reaper.policy;
