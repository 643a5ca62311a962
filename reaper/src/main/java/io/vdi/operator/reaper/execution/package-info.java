/**
 * Carries out what was judged: sessions by their due time, orphans and homes found by a sweep. Each
 * deletion is judged once more on what the API server says in that moment, and holds only for
 * exactly that. Start at {@link io.vdi.operator.reaper.execution.SessionReaper}.
 */
package io.vdi.operator.reaper.execution;
