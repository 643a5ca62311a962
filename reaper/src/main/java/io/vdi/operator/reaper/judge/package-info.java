/**
 * What is to become of a session, an object, a home: values in, a {@link
 * io.vdi.operator.reaper.judge.Verdict} out. No I/O, no clock; imports the model only. Start at
 * {@link io.vdi.operator.reaper.judge.Judge}.
 */
package io.vdi.operator.reaper.judge;
