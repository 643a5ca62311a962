package io.vdi.operator.gate.api.cluster;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.vdi.operator.common.identity.EmailAddress;
import io.vdi.operator.common.identity.IdentityMapping;
import io.vdi.operator.common.kube.ApiResult;
import io.vdi.operator.common.kube.KubeClient;
import io.vdi.operator.common.model.Annotations;
import io.vdi.operator.common.model.Hashes;
import io.vdi.operator.common.model.Labels;
import io.vdi.operator.common.model.PartialObjectMetadata;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.gate.api.GateMessage;
import io.vdi.operator.gate.api.Outcome;
import io.vdi.operator.gate.api.ProblemType;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The namespaces of users. Creating is a create, which only one of several replicas wins; the
 * others find what it has created. A namespace of one user has the annotation {@code
 * vdi.kasm.io/user}; one without it, or with another address, is never given to the user, so that
 * no address leads to a namespace such as {@code kube-system}.
 */
final class NamespaceStore {
  private static final Logger LOG = LoggerFactory.getLogger(NamespaceStore.class);

  /** The ClusterRoles of the chart that users get in the namespace. */
  static final String SESSIONS_ROLE = "vdi-sessions-edit";

  /** Only in a namespace of one user: it covers all claims in it. */
  static final String HOMES_ROLE = "vdi-homes-edit";

  /** Not the operator's: the reaper deletes RoleBindings with its label that have no session. */
  private static final String MANAGED_BY = "vdi-gate";

  private static final int MAX_KNOWN = 10_000;
  private static final int ATTEMPTS = 3;
  private static final int HASH_LENGTH = 12;

  private final KubeClient api;
  private final DesktopSettings settings;

  /** Namespaces in which the user has the roles; by address in lower case. */
  private final Map<String, String> known = new ConcurrentHashMap<>();

  /** Namespaces that exist; by address in lower case. */
  private final Map<String, String> existing = new ConcurrentHashMap<>();

  /**
   * A namespace that exists.
   *
   * @param isFresh whether the user may have got the permissions only now: the API server needs a
   *     moment to observe them
   */
  record Ready(String name, boolean isFresh) {}

  /** What is known about the namespace of a user. */
  private sealed interface Found {
    record Existing(String name) implements Found {}

    record Free(String name) implements Found {}
  }

  NamespaceStore(KubeClient api, DesktopSettings settings) {
    this.api = api;
    this.settings = settings;
  }

  /** The namespace that the user has, or would get. */
  Outcome<String> nameOf(String email) {
    Optional<String> cached = Optional.ofNullable(existing.get(EmailAddress.key(email)));
    return cached.isPresent()
        ? new Outcome.Done<>(cached.get())
        : find(email)
            .map(found ->
                switch (found) {
                  case Found.Existing(String name) -> {
                    put(existing, email, name);
                    yield name;
                  }
                  case Found.Free(String name) -> name;
                });
  }

  /** The namespace of the user, which is created if it does not exist. */
  Outcome<Ready> ensure(String email) {
    Optional<String> cached = Optional.ofNullable(known.get(EmailAddress.key(email)));
    if (cached.isPresent() || !settings.createNamespaces()) {
      return cached.isPresent()
          ? new Outcome.Done<>(new Ready(cached.get(), false))
          : existing(email);
    }
    Outcome<Found> found = find(email);
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (!(found instanceof Outcome.Done<Found>(Found.Free(String name)))) {
        break;
      }
      ApiResult<PartialObjectMetadata> created =
          api.create(ResourceType.NAMESPACE, "", namespace(name, email));
      if (created.ok().isPresent()) {
        LOG.info("created namespace {} for {}", name, email);
      } else if (!created.isAlreadyExists()) {
        return failed(created);
      }
      found = find(email);
    }
    return found.flatMap(state ->
        switch (state) {
          case Found.Existing(String name) -> bind(name, email);
          case Found.Free(String name) ->
              new Outcome.Unavailable<>(GateMessage.NAMESPACE_NOT_CREATED.text(name));
        });
  }

  /** Forgets a namespace that does not exist any more. */
  void forget(String email) {
    known.remove(EmailAddress.key(email));
    existing.remove(EmailAddress.key(email));
  }

  private Outcome<Ready> existing(String email) {
    return find(email)
        .flatMap(found ->
            switch (found) {
              case Found.Existing(String name) -> new Outcome.Done<>(remember(email, name, false));
              case Found.Free(String name) ->
                  Outcome.refused(
                      ProblemType.CONFLICT, GateMessage.NAMESPACE_MISSING.text(name), "namespace");
            });
  }

  private Outcome<Found> find(String email) {
    List<String> candidates = settings.namespaces().candidates(email);
    for (String name : candidates) {
      ApiResult<PartialObjectMetadata> answer = api.get(ResourceType.NAMESPACE, "", name);
      if (answer.isNotFound()) {
        return new Outcome.Done<>(new Found.Free(name));
      }
      if (!(answer instanceof ApiResult.Ok<PartialObjectMetadata>(PartialObjectMetadata found))) {
        return failed(answer);
      }
      if (isFor(email, found)) {
        return found.metadata().isDeleting()
            ? new Outcome.Unavailable<>(GateMessage.NAMESPACE_DELETED.text(name))
            : new Outcome.Done<>(new Found.Existing(name));
      }
    }
    return Outcome.refused(
        ProblemType.CONFLICT,
        GateMessage.NAMESPACES_TAKEN.text(String.join(", ", candidates), email, Annotations.USER),
        "namespace");
  }

  /** A namespace for all users has been chosen by the administrator. */
  private boolean isFor(String email, PartialObjectMetadata namespace) {
    return !settings.namespaces().isPerUser()
        || namespace
            .metadata()
            .annotation(Annotations.USER)
            .filter(user -> IdentityMapping.isSame(user, email))
            .isPresent();
  }

  private Outcome<Ready> bind(String namespace, String email) {
    Optional<String> sessions = bind(namespace, email, SESSIONS_ROLE);
    boolean homes =
        !settings.namespaces().isPerUser() || bind(namespace, email, HOMES_ROLE).isPresent();
    return new Outcome.Done<>(
        sessions.isPresent() && homes
            ? remember(email, namespace, true)
            : new Ready(namespace, false));
  }

  /**
   * Gives the user a role.
   *
   * @return empty if it failed. The user may have the permissions by another binding, so the API
   *     server decides about the next call
   */
  private Optional<String> bind(String namespace, String email, String role) {
    ApiResult<PartialObjectMetadata> created =
        api.create(ResourceType.ROLE_BINDING, namespace, binding(namespace, email, role));
    if (created.isAlreadyExists()) {
      return Optional.of(role);
    }
    created
        .failure()
        .ifPresent(failure ->
            LOG.error(
                "{} does not get {} in namespace {}: {}",
                email,
                role,
                namespace,
                failure.message()));
    return created.ok().map(binding -> role);
  }

  private Ready remember(String email, String name, boolean fresh) {
    put(known, email, name);
    put(existing, email, name);
    return new Ready(name, fresh);
  }

  private static void put(Map<String, String> names, String email, String name) {
    if (names.size() >= MAX_KNOWN) {
      names.clear();
    }
    names.put(EmailAddress.key(email), name);
  }

  private JsonObject namespace(String name, String email) {
    JsonObject metadata = metadata(name);
    if (settings.namespaces().isPerUser()) {
      metadata.getAsJsonObject("labels").addProperty(Labels.USER, Labels.valueOf(email));
      JsonObject annotations = new JsonObject();
      annotations.addProperty(Annotations.USER, email);
      metadata.add("annotations", annotations);
    }
    JsonObject namespace = new JsonObject();
    namespace.addProperty("apiVersion", "v1");
    namespace.addProperty("kind", "Namespace");
    namespace.add("metadata", metadata);
    return namespace;
  }

  private JsonObject binding(String namespace, String email, String role) {
    JsonObject metadata =
        metadata(role + "-" + Hashes.sha256(EmailAddress.key(email), HASH_LENGTH));
    metadata.addProperty("namespace", namespace);
    metadata.getAsJsonObject("labels").addProperty(Labels.USER, Labels.valueOf(email));
    JsonObject roleRef = new JsonObject();
    roleRef.addProperty("apiGroup", "rbac.authorization.k8s.io");
    roleRef.addProperty("kind", "ClusterRole");
    roleRef.addProperty("name", role);
    JsonObject subject = new JsonObject();
    subject.addProperty("apiGroup", "rbac.authorization.k8s.io");
    subject.addProperty("kind", "User");
    subject.addProperty("name", settings.userName(email));
    JsonArray subjects = new JsonArray();
    subjects.add(subject);
    JsonObject binding = new JsonObject();
    binding.addProperty("apiVersion", "rbac.authorization.k8s.io/v1");
    binding.addProperty("kind", "RoleBinding");
    binding.add("metadata", metadata);
    binding.add("roleRef", roleRef);
    binding.add("subjects", subjects);
    return binding;
  }

  private static JsonObject metadata(String name) {
    JsonObject labels = new JsonObject();
    labels.addProperty(Labels.MANAGED_BY, MANAGED_BY);
    JsonObject metadata = new JsonObject();
    metadata.addProperty("name", name);
    metadata.add("labels", labels);
    return metadata;
  }

  private static <T> Outcome<T> failed(ApiResult<?> result) {
    return Failures.unavailable(
        "namespaces: " + result.failure().map(failure -> failure.message()).orElse(""));
  }
}
