package io.vdi.operator.gate.signin;

import java.time.Duration;
import java.util.List;

/**
 * The rules of sign-ins; docs/configuration.md describes each.
 *
 * @param groups those that count; empty: all
 */
public record SignInSettings(
    boolean requireVerifiedEmail,
    String groupsPrefix,
    List<String> groups,
    Duration lifetime,
    Duration idleTimeout,
    Duration pendingTimeout) {}
