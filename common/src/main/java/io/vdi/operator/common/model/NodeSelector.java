package io.vdi.operator.common.model;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Which nodes a volume or a pod can use: those that match one of the terms. The label selector of
 * the API does not know the operators {@code Gt} and {@code Lt}, so they count as matched. A term
 * without requirements matches no node, as in Kubernetes, and is left out.
 */
public record NodeSelector(List<Term> nodeSelectorTerms) {
  public NodeSelector {
    nodeSelectorTerms =
        nodeSelectorTerms == null
            ? List.of()
            : nodeSelectorTerms.stream().filter(term -> !term.equals(Term.ANY)).toList();
  }

  /** All requirements must be fulfilled. */
  public record Term(List<Requirement> matchExpressions, List<Requirement> matchFields) {
    /** Stands for every node, where nothing is required. */
    public static final Term ANY = new Term(null, null);

    public Term {
      matchExpressions = matchExpressions == null ? List.of() : List.copyOf(matchExpressions);
      matchFields = matchFields == null ? List.of() : List.copyOf(matchFields);
    }

    /** Matches the nodes that both terms match. */
    public Term and(Term other) {
      return new Term(
          Stream.concat(matchExpressions.stream(), other.matchExpressions.stream()).toList(),
          Stream.concat(matchFields.stream(), other.matchFields.stream()).toList());
    }

    /** The requirements on labels as a label selector of the API. */
    public String labelSelector() {
      return matchExpressions.stream()
          .map(Requirement::selector)
          .filter(text -> !text.isEmpty())
          .collect(Collectors.joining(","));
    }

    /** Whether the requirements on fields allow this node; the only field is its name. */
    public boolean allowsName(String node) {
      return matchFields.stream()
          .allMatch(field ->
              switch (field.operator()) {
                case "In" -> field.values().contains(node);
                case "NotIn" -> !field.values().contains(node);
                default -> true;
              });
    }
  }

  public record Requirement(String key, String operator, List<String> values) {
    public Requirement {
      key = key == null ? "" : key;
      operator = operator == null ? "" : operator;
      values = values == null ? List.of() : List.copyOf(values);
    }

    private String selector() {
      return switch (operator) {
        case "In" -> key + " in (" + String.join(",", values) + ")";
        case "NotIn" -> key + " notin (" + String.join(",", values) + ")";
        case "Exists" -> key;
        case "DoesNotExist" -> "!" + key;
        default -> "";
      };
    }
  }
}
