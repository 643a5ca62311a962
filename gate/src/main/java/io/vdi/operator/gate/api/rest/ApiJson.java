package io.vdi.operator.gate.api.rest;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.vdi.operator.common.model.Durations;
import io.vdi.operator.common.model.Share;
import io.vdi.operator.gate.api.BudgetsView;
import io.vdi.operator.gate.api.CauseView;
import io.vdi.operator.gate.api.DiagnosisView;
import io.vdi.operator.gate.api.HomeView;
import io.vdi.operator.gate.api.LinkView;
import io.vdi.operator.gate.api.MeView;
import io.vdi.operator.gate.api.SessionPage;
import io.vdi.operator.gate.api.SessionView;
import io.vdi.operator.gate.api.SharedView;
import io.vdi.operator.gate.api.SharingView;
import io.vdi.operator.gate.api.StartStep;
import io.vdi.operator.gate.api.TemplateCard;
import io.vdi.operator.gate.api.Timers;
import io.vdi.operator.gate.api.UsageView;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;

/** Pure: the contract's values as JSON. A value that is absent has no field. */
final class ApiJson {
  private ApiJson() {}

  static JsonObject of(MeView me) {
    JsonObject json = new JsonObject();
    json.addProperty("email", me.email());
    json.addProperty("userName", me.userName());
    json.add("groups", texts(me.groups()));
    json.addProperty("admin", me.isAdmin());
    json.addProperty("namespace", me.namespace());
    return json;
  }

  static JsonObject templates(List<TemplateCard> cards) {
    return items(list(cards, ApiJson::of));
  }

  private static JsonObject of(TemplateCard card) {
    JsonObject json = new JsonObject();
    json.addProperty("name", card.name());
    json.addProperty("displayName", card.displayName());
    json.addProperty("description", card.description());
    text(json, "icon", card.icon());
    json.add("resources", resources(card.gpu(), card.memory(), card.cpu()));
    text(json, "homeSize", card.homeSize());
    json.addProperty("timeout", Durations.format(card.timeout()));
    duration(json, "maxTimeout", card.maxTimeout());
    duration(json, "idleTimeout", card.idleTimeout());
    JsonObject limits = new JsonObject();
    number(limits, "gpu", card.limits().gpu());
    text(limits, "memory", card.limits().memory());
    text(limits, "cpu", card.limits().cpu());
    text(limits, "homeSize", card.limits().homeSize());
    json.add("limits", limits);
    JsonObject left = new JsonObject();
    number(left, "sessions", card.left().sessions());
    number(left, "gpus", card.left().gpus());
    number(left, "storageBytes", card.left().storage());
    text(left, "obstacle", card.left().obstacle());
    left.addProperty("waits", card.left().waits());
    json.add("left", left);
    return json;
  }

  static JsonObject of(SessionPage page) {
    JsonObject json = items(list(page.sessions(), ApiJson::of));
    text(json, "continue", page.next());
    json.addProperty("total", page.total());
    return json;
  }

  static JsonObject of(SessionView session) {
    JsonObject json = new JsonObject();
    json.addProperty("namespace", session.key().namespace());
    json.addProperty("name", session.key().name());
    json.addProperty("uid", session.uid());
    json.addProperty("version", session.version());
    json.addProperty("user", session.user());
    json.addProperty("own", session.isOwn());
    json.addProperty("template", session.template());
    json.addProperty("displayName", session.displayName());
    text(json, "icon", session.icon());
    json.addProperty("phase", session.phase().text());
    json.addProperty("message", session.message());
    session.cause().ifPresent(cause -> json.add("cause", of(cause)));
    session.url().ifPresent(url -> json.addProperty("url", url.toString()));
    json.addProperty("suspended", session.isSuspended());
    json.addProperty("deleting", session.isDeleting());
    json.add("resources", resources(session.gpu(), session.memory(), session.cpu()));
    text(json, "homeSize", session.homeSize());
    json.addProperty("reclaimPolicy", session.reclaimPolicy().text());
    json.add("steps", list(session.steps(), ApiJson::of));
    json.add("timers", of(session.timers()));
    json.addProperty("createdAt", session.createdAt().toString());
    json.addProperty("restarts", session.restarts());
    json.add("shares", list(session.sharing().shares(), ApiJson::of));
    json.add("visitors", list(session.sharing().visitors(), ApiJson::of));
    text(json, "viewObstacle", session.sharing().viewObstacle());
    json.add("actions", texts(session.actions().stream().map(ApiJson::lower).sorted().toList()));
    return json;
  }

  private static JsonObject of(Share share) {
    JsonObject json = new JsonObject();
    json.addProperty("user", share.user());
    json.addProperty("role", share.role().text());
    time(json, "until", share.end());
    return json;
  }

  static JsonObject of(LinkView link) {
    JsonObject json = new JsonObject();
    json.addProperty("url", link.url().toString());
    json.addProperty("user", link.user());
    json.addProperty("until", link.until().toString());
    return json;
  }

  private static JsonObject of(SharingView.VisitorView visitor) {
    JsonObject json = new JsonObject();
    json.addProperty("user", visitor.user());
    json.addProperty("role", lower(visitor.role()));
    json.addProperty("since", visitor.since().toString());
    return json;
  }

  static JsonObject shared(List<SharedView> shared) {
    return items(list(shared, ApiJson::of));
  }

  private static JsonObject of(SharedView shared) {
    JsonObject json = new JsonObject();
    json.addProperty("namespace", shared.key().namespace());
    json.addProperty("name", shared.key().name());
    json.addProperty("owner", shared.owner());
    json.addProperty("displayName", shared.displayName());
    text(json, "icon", shared.icon());
    json.addProperty("role", shared.role().text());
    time(json, "until", shared.until());
    shared.url().ifPresent(url -> json.addProperty("url", url.toString()));
    return json;
  }

  private static JsonObject of(StartStep step) {
    JsonObject json = new JsonObject();
    json.addProperty("name", lower(step.name()));
    json.addProperty("title", step.name().title());
    json.addProperty("state", lower(step.state()));
    json.addProperty("message", step.message());
    step.cause().ifPresent(cause -> json.add("cause", of(cause)));
    return json;
  }

  private static JsonObject of(CauseView cause) {
    JsonObject json = new JsonObject();
    json.addProperty("code", cause.code());
    json.addProperty("symptom", cause.symptom());
    json.addProperty("cause", cause.cause());
    json.addProperty("remedy", cause.remedy());
    json.addProperty("command", cause.command());
    json.addProperty("link", cause.link());
    return json;
  }

  private static JsonObject of(Timers timers) {
    JsonObject json = new JsonObject();
    time(json, "startedAt", timers.startedAt());
    json.addProperty("timeout", Durations.format(timers.timeout()));
    duration(json, "maxTimeout", timers.maxTimeout());
    time(json, "endsAt", timers.endsAt());
    time(json, "lastActivityAt", timers.lastActivityAt());
    duration(json, "idleTimeout", timers.idleTimeout());
    time(json, "sleepsAt", timers.sleepsAt());
    json.addProperty("idleAction", lower(timers.idleAction()));
    time(json, "stopsAt", timers.stopsAt());
    return json;
  }

  static JsonObject homes(List<HomeView> homes) {
    return items(list(homes, ApiJson::of));
  }

  static JsonObject of(HomeView home) {
    JsonObject json = new JsonObject();
    json.addProperty("namespace", home.key().namespace());
    json.addProperty("name", home.key().name());
    json.addProperty("claim", home.claim());
    json.addProperty("uid", home.uid());
    json.addProperty("user", home.user());
    json.addProperty("own", home.isOwn());
    json.addProperty("size", home.size());
    text(json, "template", home.template());
    json.addProperty("retained", home.isRetained());
    time(json, "releasedAt", home.releasedAt());
    time(json, "deletedAt", home.deletedAt());
    return json;
  }

  static JsonObject of(UsageView usage) {
    return items(
        list(
            usage.lines(),
            line -> {
              JsonObject json = new JsonObject();
              json.addProperty("scope", line.scope().text());
              json.addProperty("name", line.name());
              json.addProperty("resource", line.resource().text());
              json.addProperty("used", line.used());
              number(json, "limit", line.limit());
              return json;
            }));
  }

  static JsonObject of(BudgetsView view) {
    JsonObject json =
        items(
            list(
                view.budgets(),
                budget -> {
                  JsonObject item = new JsonObject();
                  item.addProperty("scope", budget.holder().text());
                  item.addProperty("name", budget.name());
                  item.addProperty("used", budget.used());
                  item.addProperty("limit", budget.limit());
                  return item;
                }));
    json.addProperty("month", view.month().toString());
    json.addProperty("renewsAt", view.renewsAt().toString());
    return json;
  }

  static JsonObject of(DiagnosisView diagnosis) {
    JsonObject json = new JsonObject();
    json.addProperty("namespace", diagnosis.key().namespace());
    json.addProperty("name", diagnosis.key().name());
    json.addProperty("at", diagnosis.at().toString());
    json.add(
        "checks",
        list(
            diagnosis.checks(),
            check -> {
              JsonObject item = new JsonObject();
              item.addProperty("name", check.name());
              item.addProperty("layer", check.layer().title());
              item.addProperty("title", check.title());
              item.addProperty("result", lower(check.result()));
              item.addProperty("observed", check.observed());
              check.cause().ifPresent(cause -> item.add("cause", of(cause)));
              return item;
            }));
    return json;
  }

  private static JsonObject resources(int gpu, String memory, String cpu) {
    JsonObject json = new JsonObject();
    json.addProperty("gpu", gpu);
    json.addProperty("memory", memory);
    json.addProperty("cpu", cpu);
    return json;
  }

  private static JsonObject items(JsonArray items) {
    JsonObject json = new JsonObject();
    json.add("items", items);
    return json;
  }

  private static <T> JsonArray list(Collection<T> values, Function<T, JsonElement> convert) {
    JsonArray array = new JsonArray();
    values.stream().map(convert).forEach(array::add);
    return array;
  }

  private static JsonArray texts(Collection<String> values) {
    JsonArray array = new JsonArray();
    values.forEach(array::add);
    return array;
  }

  private static void text(JsonObject json, String field, Optional<String> value) {
    value.ifPresent(text -> json.addProperty(field, text));
  }

  private static void number(JsonObject json, String field, OptionalLong value) {
    value.ifPresent(number -> json.addProperty(field, number));
  }

  private static void time(JsonObject json, String field, Optional<Instant> value) {
    value.ifPresent(time -> json.addProperty(field, time.toString()));
  }

  private static void duration(JsonObject json, String field, Optional<Duration> value) {
    value.ifPresent(duration -> json.addProperty(field, Durations.format(duration)));
  }

  private static String lower(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }
}
