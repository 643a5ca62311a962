package io.vdi.operator.controller.session.plan;

import io.vdi.operator.common.model.ChildKind;
import io.vdi.operator.common.model.HomeFate;
import io.vdi.operator.common.model.ObjectMeta;
import io.vdi.operator.common.model.ResourceType;
import io.vdi.operator.common.model.VdiSession;
import io.vdi.operator.controller.session.resources.DesiredObject;
import io.vdi.operator.controller.session.resources.SharedObject;
import java.time.Instant;
import java.util.Optional;

/** One write to the cluster, with all the data that it needs. */
public sealed interface Action {
  record AddFinalizer(VdiSession session) implements Action {}

  /**
   * Lets Kubernetes complete the deletion of the session.
   *
   * @param fate of the home; verified against the API server before the write, because the garbage
   *     collector acts on it immediately afterwards
   */
  record RemoveFinalizer(VdiSession session, HomeFate fate) implements Action {}

  record Create(DesiredObject desired) implements Action {}

  /**
   * Creates the Secret. The executor adds the secret values, which are in no plan.
   *
   * @param turn empty if the session uses no TURN server
   * @param now in whole seconds
   */
  record CreateSecret(DesiredObject desired, Optional<TurnGrant> turn, Instant now)
      implements Action {}

  /**
   * @param restarts the number of pods that were replaced before this one
   */
  record CreatePod(DesiredObject desired, int restarts) implements Action {}

  /** Patches an object of the session. */
  record Update(DesiredObject desired, ObjectMeta current) implements Action {}

  /**
   * Creates or updates an object that the session shares with others.
   *
   * @param current empty if it does not exist
   */
  record ApplyShared(SharedObject shared, Optional<ObjectMeta> current) implements Action {}

  /** Issues new TURN credentials for the pod that this plan creates. */
  record RenewTurn(ObjectMeta secret, TurnGrant turn) implements Action {}

  /**
   * Adds the password of guests who only watch to a Secret of an earlier version of the operator.
   *
   * @param now in whole seconds. Pods that are older than this do not know the password
   */
  record AddViewerPassword(ObjectMeta secret, Instant now) implements Action {}

  /**
   * Adds or removes the session as the owner of a child.
   *
   * @param owned true: the garbage collector deletes the child together with the session
   */
  record SetOwner(ResourceType<?> type, ObjectMeta current, VdiSession session, boolean owned)
      implements Action {}

  /** Requests another size of the home's volume; the storage class can refuse it. */
  record ResizeHome(ObjectMeta home, String size) implements Action {}

  record Delete(ResourceType<?> type, ObjectMeta current) implements Action {}

  /**
   * Deletes a pod that will not run any more, or never ran, so that a later plan creates it again.
   *
   * @param reason why, for an Event on the session
   */
  record ReplacePod(ObjectMeta current, String reason) implements Action {}

  /**
   * Announces on the pod when the controller stops it, because its node is drained.
   *
   * @param deadline in whole seconds
   */
  record AnnounceDrain(ObjectMeta pod, Instant deadline) implements Action {}

  /** Removes the announcement: the pod stays. */
  record CancelDrain(ObjectMeta pod) implements Action {}

  /**
   * Deletes a pod whose node is drained, so that a later plan creates it on another node.
   *
   * @param reason why, for an Event on the session
   */
  record MovePod(ObjectMeta current, String reason) implements Action {}

  /**
   * Deletes a pod that is marked for deletion, and that the kubelet of its node does not stop.
   *
   * @param reason why, for an Event on the session
   */
  record ForceDeletePod(ObjectMeta current, String reason) implements Action {}

  /** The kind of the child that the action writes; empty if it writes another object. */
  default Optional<ChildKind> kind() {
    return switch (this) {
      case AddFinalizer _, RemoveFinalizer _, ApplyShared _ -> Optional.empty();
      case Create(DesiredObject desired) -> Optional.of(desired.kind());
      case CreateSecret _, RenewTurn _, AddViewerPassword _ -> Optional.of(ChildKind.SECRET);
      case CreatePod _, ReplacePod _, ForceDeletePod _, AnnounceDrain _, CancelDrain _, MovePod _ ->
          Optional.of(ChildKind.POD);
      case Update(DesiredObject desired, ObjectMeta _) -> Optional.of(desired.kind());
      case SetOwner(ResourceType<?> type, ObjectMeta _, VdiSession _, boolean _) ->
          ChildKind.of(type);
      case ResizeHome _ -> Optional.of(ChildKind.HOME);
      case Delete(ResourceType<?> type, ObjectMeta _) -> ChildKind.of(type);
    };
  }

  /** What fails if the action fails: {@code Pod desk cannot be created}. */
  default String failure() {
    return switch (this) {
      case AddFinalizer _ -> "the finalizer cannot be added";
      case RemoveFinalizer _ -> "the finalizer cannot be removed";
      case Create(DesiredObject desired) -> desired + " cannot be created";
      case CreateSecret(DesiredObject desired, Optional<TurnGrant> _, Instant _) ->
          desired + " cannot be created";
      case CreatePod(DesiredObject desired, int _) -> desired + " cannot be created";
      case Update(DesiredObject desired, ObjectMeta _) -> desired + " cannot be updated";
      case ApplyShared(SharedObject shared, Optional<ObjectMeta> current) ->
          shared + (current.isEmpty() ? " cannot be created" : " cannot be updated");
      case RenewTurn(ObjectMeta secret, TurnGrant _) ->
          "the TURN credentials in Secret " + secret.name() + " cannot be renewed";
      case AddViewerPassword(ObjectMeta secret, Instant _) ->
          "the password of guests in Secret " + secret.name() + " cannot be written";
      case SetOwner(ResourceType<?> type, ObjectMeta current, VdiSession _, boolean _) ->
          type.kind() + " " + current.name() + " cannot be updated";
      case ResizeHome(ObjectMeta home, String size) ->
          "PersistentVolumeClaim " + home.name() + " cannot be resized to " + size;
      case Delete(ResourceType<?> type, ObjectMeta current) ->
          type.kind() + " " + current.name() + " cannot be deleted";
      case ReplacePod(ObjectMeta current, String _) ->
          "Pod " + current.name() + " cannot be deleted";
      case AnnounceDrain(ObjectMeta pod, Instant _) -> "Pod " + pod.name() + " cannot be annotated";
      case CancelDrain(ObjectMeta pod) -> "Pod " + pod.name() + " cannot be annotated";
      case MovePod(ObjectMeta current, String _) -> "Pod " + current.name() + " cannot be deleted";
      case ForceDeletePod(ObjectMeta current, String _) ->
          "Pod " + current.name() + " cannot be deleted";
    };
  }
}
