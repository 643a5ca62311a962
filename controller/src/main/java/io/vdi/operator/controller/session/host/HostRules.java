package io.vdi.operator.controller.session.host;

import java.time.Duration;
import java.util.Set;

/**
 * Which hosts sessions can have; docs/specification.md, section 2.
 *
 * @param reserved labels that no session is given, because other services of the domain have them
 *     or browsers look for them
 * @param quarantine how long a released host is kept for its former user; zero: not at all
 */
public record HostRules(Set<String> reserved, Duration quarantine) {}
