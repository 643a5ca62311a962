package io.vdi.operator.common.usage;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.vdi.operator.common.identity.EmailAddress;
import java.time.ZoneId;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * How many GPU hours users and groups can use in a month: section {@code quota.budgets};
 * docs/specification.md, section 9.
 *
 * @param whenSpent what happens to desktops with GPUs that run
 */
public record GpuBudgets(Scope user, Scope group, WhenSpent whenSpent) {
  private static final long UNLIMITED = Long.MAX_VALUE;
  private static final int HOUR = 3600;

  public static final GpuBudgets NONE =
      new GpuBudgets(
          new Scope(UNLIMITED, Map.of()), new Scope(UNLIMITED, Map.of()), WhenSpent.KEEP);

  /** What happens to desktops that run when a budget is spent. */
  public enum WhenSpent {
    KEEP,
    SUSPEND
  }

  /**
   * The budgets of all users, or of all groups, in GPU seconds.
   *
   * @param exceptions by name; e-mail addresses in lower case
   */
  public record Scope(long standard, Map<String, Long> exceptions) {
    public Scope {
      exceptions = Map.copyOf(exceptions);
    }

    private long of(String name) {
      return exceptions.getOrDefault(name, standard);
    }

    private boolean isSet() {
      return standard != UNLIMITED
          || exceptions.values().stream().anyMatch(limit -> limit != UNLIMITED);
    }
  }

  /** Whether there is any budget. Otherwise nobody needs to know the use. */
  public boolean isSet() {
    return user.isSet() || group.isSet();
  }

  /** Whose budget it is. */
  public enum Holder {
    USER,
    GROUP;

    /** Its name in messages and answers. */
    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * A budget, and what is used of it in the month.
   *
   * @param used GPU seconds; can be more than the limit
   * @param limit GPU seconds
   */
  public record Budget(Holder holder, String name, long used, long limit) {
    public boolean isSpent() {
      return used >= limit;
    }
  }

  /** The budgets of a user and of groups. There is none where the use is not limited. */
  public List<Budget> of(String email, Collection<String> groups, GpuUse use) {
    return limited(
        Stream.concat(
            Stream.of(ofUser(email, use)), groups.stream().map(name -> ofGroup(name, use))));
  }

  private Budget ofUser(String email, GpuUse use) {
    return new Budget(Holder.USER, email, use.ofUser(email), user.of(EmailAddress.key(email)));
  }

  private Budget ofGroup(String name, GpuUse use) {
    return new Budget(Holder.GROUP, name, use.ofGroup(name), group.of(name));
  }

  private static List<Budget> limited(Stream<Budget> budgets) {
    return budgets.filter(budget -> budget.limit() != UNLIMITED).toList();
  }

  /** The budgets of everybody who has used GPUs, and of those with a budget of their own. */
  public List<Budget> ofAll(GpuUse use) {
    Set<String> users = new TreeSet<>(use.users().keySet());
    users.addAll(user.exceptions().keySet());
    Set<String> groups = new TreeSet<>(use.groups().keySet());
    groups.addAll(group.exceptions().keySet());
    // The use of those who have no recorded group.
    groups.remove("");
    return limited(
        Stream.concat(
            users.stream().map(email -> ofUser(email, use)),
            groups.stream().map(name -> ofGroup(name, use))));
  }

  /**
   * The budgets that are spent, one message for each, which names the budget, the use and when it
   * begins again.
   *
   * @param groups the recorded groups of the user
   */
  public List<String> spent(String email, List<String> groups, GpuUse use, ZoneId zone) {
    return of(email, groups, use).stream()
        .filter(Budget::isSpent)
        .map(budget ->
            "GPU hour quota exceeded for %s %s: used %s of %s hours in %s; it begins again at %s"
                .formatted(
                    budget.holder().text(),
                    budget.name(),
                    UsageReport.hours(budget.used()),
                    UsageReport.hours(budget.limit()),
                    use.month(),
                    use.renewsAt(zone)))
        .toList();
  }

  /**
   * Reads the section.
   *
   * @param quotaSection the value of the key {@code quota}
   * @param problems receives one message per invalid value, with its key, value and rule
   */
  public static GpuBudgets parse(JsonObject quotaSection, List<String> problems) {
    JsonObject section = object(quotaSection.get("budgets"));
    String whenSpent = text(section, "whenSpent").orElse("keep");
    if (!whenSpent.equals("keep") && !whenSpent.equals("suspend")) {
      problems.add("quota.budgets.whenSpent \"" + whenSpent + "\" must be one of keep, suspend");
    }
    return new GpuBudgets(
        scope("quota.budgets.user", object(section.get("user")), true, problems),
        scope("quota.budgets.group", object(section.get("group")), false, problems),
        whenSpent.equals("suspend") ? WhenSpent.SUSPEND : WhenSpent.KEEP);
  }

  private static Scope scope(
      String key, JsonObject section, boolean ofUsers, List<String> problems) {
    long standard = seconds(section, key + ".gpuHours", UNLIMITED, problems);
    Map<String, Long> exceptions = new HashMap<>();
    if (section.get("exceptions") instanceof JsonArray items) {
      for (JsonElement item : items) {
        JsonObject exception = object(item);
        String name = text(exception, "name").orElse("");
        if (name.isEmpty()) {
          problems.add(key + ".exceptions: each needs a name");
        }
        exceptions.put(
            ofUsers ? EmailAddress.key(name) : name,
            seconds(exception, key + ".exceptions " + name + ": gpuHours", standard, problems));
      }
    }
    return new Scope(standard, exceptions);
  }

  private static long seconds(
      JsonObject section, String label, long absent, List<String> problems) {
    Optional<String> text = text(section, "gpuHours");
    if (text.isEmpty()) {
      return absent;
    }
    if (text.get().equals("unlimited")) {
      return UNLIMITED;
    }
    if (!text.get().matches("\\d{1,9}")) {
      problems.add(label + " \"" + text.get() + "\" must be a whole number, or unlimited");
      return 0;
    }
    return Long.parseLong(text.get()) * HOUR;
  }

  private static Optional<String> text(JsonObject section, String key) {
    return Optional.ofNullable(section.get(key))
        .map(value -> value instanceof JsonPrimitive scalar ? scalar.getAsString().strip() : "");
  }

  private static JsonObject object(JsonElement value) {
    return value instanceof JsonObject object ? object : new JsonObject();
  }
}
