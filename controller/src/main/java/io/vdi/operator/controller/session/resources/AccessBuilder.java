package io.vdi.operator.controller.session.resources;

import com.google.gson.JsonObject;
import io.kubernetes.client.openapi.models.RbacV1Subject;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import io.kubernetes.client.openapi.models.V1PolicyRule;
import io.kubernetes.client.openapi.models.V1Role;
import io.kubernetes.client.openapi.models.V1RoleBinding;
import io.kubernetes.client.openapi.models.V1RoleRef;
import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.ResourceType;
import java.util.List;

/**
 * Builds the Role that allows to read the Secret of one session, and the RoleBinding that gives it
 * to the session's user; docs/specification.md, section 2. Without them, a person who opens a
 * desktop with kubectl needs to read all Secrets of the namespace. The API server refuses both
 * objects unless the controller itself can read the Secret.
 */
final class AccessBuilder {
  private static final String GROUP = ResourceType.ROLE.group();

  private AccessBuilder() {}

  static DesiredObject role(ResolvedSession resolved) {
    String name = ChildKind.ROLE.nameFor(resolved.name());
    V1ObjectMeta metadata = ChildMetadata.metadata(resolved.session(), name);
    V1Role role =
        new V1Role()
            .apiVersion(ResourceType.ROLE.apiVersion())
            .kind(ResourceType.ROLE.kind())
            .metadata(metadata)
            .addRulesItem(
                new V1PolicyRule()
                    .apiGroups(List.of(""))
                    .resources(List.of(ResourceType.SECRET.plural()))
                    .resourceNames(List.of(ChildKind.SECRET.nameFor(resolved.name())))
                    .verbs(List.of("get")));
    return desired(ChildKind.ROLE, name, ChildMetadata.json(role), metadata, "rules");
  }

  /** The role that a RoleBinding names cannot change; the executor replaces such a RoleBinding. */
  static DesiredObject binding(ResolvedSession resolved) {
    String name = ChildKind.ROLE_BINDING.nameFor(resolved.name());
    V1ObjectMeta metadata = ChildMetadata.metadata(resolved.session(), name);
    V1RoleBinding binding =
        new V1RoleBinding()
            .apiVersion(ResourceType.ROLE_BINDING.apiVersion())
            .kind(ResourceType.ROLE_BINDING.kind())
            .metadata(metadata)
            .roleRef(
                new V1RoleRef()
                    .apiGroup(GROUP)
                    .kind(ResourceType.ROLE.kind())
                    .name(ChildKind.ROLE.nameFor(resolved.name())))
            .subjects(
                resolved.userNames().stream()
                    .map(user -> new RbacV1Subject().apiGroup(GROUP).kind("User").name(user))
                    .toList());
    return desired(
        ChildKind.ROLE_BINDING, name, ChildMetadata.json(binding), metadata, "roleRef", "subjects");
  }

  private static DesiredObject desired(
      ChildKind kind, String name, JsonObject body, V1ObjectMeta metadata, String... fields) {
    JsonObject patch = ChildMetadata.metadataPatch(metadata);
    for (String field : fields) {
      patch.add(field, body.get(field).deepCopy());
    }
    return DesiredObject.of(kind, kind.resourceTypes().getFirst(), name, body, patch);
  }
}
