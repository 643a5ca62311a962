package io.vdi.operator.gate.api;

import io.vdi.operator.common.diagnosis.MessagePattern;
import io.vdi.operator.common.diagnosis.PatternMessage;

/**
 * What the gate says in its own words in answers of {@link Desktops}, in English, as the API sends
 * it. The portal translates it by the name of the constant.
 */
public enum GateMessage implements PatternMessage {
  ALL_WATCHED("all are watched"),
  WATCHED("it is watched"),
  NOT_WATCHED("watchNamespaces is {0}"),
  DOES_NOT_EXIST("it does not exist"),
  NO_STATUS("it has no status after {0} s"),
  NOT_YET("not yet"),
  NOT_RECONCILED("the latest change is not reconciled yet"),
  NONE_REFUSED("none was refused"),
  ADMITTED("admitted"),
  NO_CLAIM("no claim: persistence is off, or it is not created yet"),
  BOUND("bound, {0}"),
  CLAIM_PENDING("Pending for {0} s, storage class {1}"),
  NO_GPU_WAIT("the pod does not wait for a GPU"),
  IS_SUSPENDED("the session is suspended"),
  NO_POD("there is no pod"),
  ON_NODE("on node {0}"),
  IMAGE_PRESENT("the image is on the node"),
  NO_FAILED_WRITE("no failed write was reported"),
  CONTAINER_ENDED("exit code {0} ({1}), {2} restarts"),
  CONTAINER_RUNS("running"),
  SELKIES_ANSWERS("it answers the kubelet"),
  PASSWORD_UNCHANGED("unchanged"),
  BECAUSE_OF("because of {0}"),

  WATCH_FLAVOR("only desktops of flavor selkies can be watched"),
  WATCH_PASSWORD("Secret {0} has no password of its own for guests"),
  WATCH_RESTART("it runs since before it had a password for guests: suspend it and resume it"),

  CACHE_UNAVAILABLE("{0}s cannot be read at present"),
  CLUSTER_UNAVAILABLE("The cluster does not answer as expected. Try again."),
  NAMESPACE_NOT_CREATED("Namespace {0} cannot be created. Try again."),
  NAMESPACE_DELETED("Namespace {0} is being deleted. Try again in a minute."),
  NAMESPACE_MISSING(
      "namespace {0} does not exist: ask an administrator to create it, or to set"
          + " gate.createNamespaces"),
  NAMESPACES_TAKEN(
      "namespace {0} exist and are not for {1}: an administrator can annotate one with {2}"),
  NAMESPACE_GONE("namespace {0} does not exist"),
  NAMESPACE_NOT_WATCHED("namespace {0} is not one of watchNamespaces"),
  NO_SESSION("there is no session {0}"),
  NO_HOME("there is no home {0}"),
  HOME_IN_USE("the home is in use by session {0}: delete the session first"),
  LINKS_OFF(
      "links without an account are off: share with an e-mail address, or ask an administrator to"
          + " set gate.desktops.links to view"),
  OTHER_ADDRESS("user {0} has another e-mail address by identity.users: ask an administrator");

  @SuppressWarnings("ImmutableEnumChecker") // Error Prone does not see that it is immutable.
  private final MessagePattern pattern;

  GateMessage(String pattern) {
    this.pattern = MessagePattern.of(pattern);
  }

  @Override
  public MessagePattern pattern() {
    return pattern;
  }
}
