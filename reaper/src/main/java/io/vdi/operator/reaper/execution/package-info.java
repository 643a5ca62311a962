/**
 * Carries out what the policy decides, and is the only package that deletes; each deletion is
 * decided again on what the API server returns. Imports the policy, the client and the work queue.
 * Start at {@link io.vdi.operator.reaper.execution.SessionReaper}.
 */
package io.vdi.operator.reaper.execution;
