/**
 * What is to become of a session, an object, a home: values in, a {@link
 * io.vdi.operator.reaper.policy.Verdict} out. No I/O, no clock; imports the model only. Start at
 * {@link io.vdi.operator.reaper.policy.ReapPolicy}.
 */
package io.vdi.operator.reaper.policy;
