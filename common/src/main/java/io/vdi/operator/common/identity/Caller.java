package io.vdi.operator.common.identity;

import java.util.List;
import java.util.Map;

/** A user as Kubernetes authenticates it: the user name, the groups and the extra values. */
public record Caller(String username, List<String> groups, Map<String, List<String>> extra) {}
