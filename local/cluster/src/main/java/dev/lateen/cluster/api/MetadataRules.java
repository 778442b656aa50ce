package dev.lateen.cluster.api;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/** The rules of names, labels and annotations (Kubernetes documentation, "Object Names and IDs", "Labels"); pure. */
final class MetadataRules {
    private static final Pattern SUBDOMAIN =
            Pattern.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*");
    private static final Pattern LABEL = Pattern.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?");
    private static final Pattern DNS_1035 = Pattern.compile("[a-z]([-a-z0-9]*[a-z0-9])?");
    private static final Pattern QUALIFIED = Pattern.compile("([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]");
    private static final Pattern VALUE = Pattern.compile("(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?");
    static final String LABEL_MESSAGE = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters"
            + " or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex"
            + " used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
    private static final String SUBDOMAIN_MESSAGE = "a lowercase RFC 1123 subdomain must consist of lower case"
            + " alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g."
            + " 'example.com', regex used for validation is"
            + " '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
    private static final String DNS_1035_MESSAGE = "a DNS-1035 label must consist of lower case alphanumeric characters"
            + " or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',"
            + "  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
    private static final String QUALIFIED_MESSAGE = "name part must consist of alphanumeric characters, '-', '_' or"
            + " '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or"
            + " '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
    private static final String VALUE_MESSAGE = "a valid label must be an empty string or consist of alphanumeric"
            + " characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',"
            + "  or 'my_value',  or '12345', regex used for validation is"
            + " '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
    /** Kinds whose names may hold anything that fits into a path. */
    private static final Set<String> FREE = Set.of("rbac.authorization.k8s.io");

    private static final int LONGEST_VALUE = 63;
    private static final int LONGEST_NAME = 253;
    private static final int ALL_ANNOTATIONS = 256 * 1024;

    private MetadataRules() {}

    static boolean isLabel(String name) {
        return name.length() <= LONGEST_VALUE && LABEL.matcher(name).matches();
    }

    static List<ApiException.Cause> problems(ResourceType type, JsonNode metadata) {
        List<ApiException.Cause> causes = new ArrayList<>();
        name(type, metadata.path("name").asString(""), causes);
        labels(metadata.path("labels"), "metadata.labels", causes);
        int size = 0;
        for (var annotation : metadata.path("annotations").properties()) {
            String key = annotation.getKey();
            qualified(key.toLowerCase(java.util.Locale.ROOT), key, "metadata.annotations", causes);
            size += key.length() + annotation.getValue().asString("").length();
        }
        if (size > ALL_ANNOTATIONS) {
            causes.add(new ApiException.Cause(
                    "FieldValueTooLong",
                    "Too long: may not be more than " + ALL_ANNOTATIONS + " bytes",
                    "metadata.annotations"));
        }
        return causes;
    }

    private static void name(ResourceType type, String name, List<ApiException.Cause> causes) {
        if (name.isEmpty()) {
            causes.add(new ApiException.Cause(
                    "FieldValueRequired", "Required value: name or generateName is required", "metadata.name"));
        } else if (!FREE.contains(type.group())) {
            boolean shortName = type.stored().equals("/namespaces");
            boolean service = type.stored().equals("/services");
            Pattern pattern = service ? DNS_1035 : shortName ? LABEL : SUBDOMAIN;
            int longest = service || shortName ? LONGEST_VALUE : LONGEST_NAME;
            if (name.length() > longest) {
                causes.add(invalid(name, "must be no more than " + longest + " bytes", "metadata.name"));
            }
            if (!pattern.matcher(name).matches()) {
                String message = service ? DNS_1035_MESSAGE : shortName ? LABEL_MESSAGE : SUBDOMAIN_MESSAGE;
                causes.add(invalid(name, message, "metadata.name"));
            }
        }
    }

    /** Labels that break the rules, at {@code path}. */
    static void labels(JsonNode labels, String path, List<ApiException.Cause> causes) {
        for (var label : labels.properties()) {
            qualified(label.getKey(), label.getKey(), path, causes);
            String value = label.getValue().asString("");
            if (value.length() > LONGEST_VALUE) {
                causes.add(invalid(value, "must be no more than " + LONGEST_VALUE + " bytes", path));
            }
            if (!VALUE.matcher(value).matches()) {
                causes.add(invalid(value, VALUE_MESSAGE, path));
            }
        }
    }

    private static void qualified(String checked, String key, String path, List<ApiException.Cause> causes) {
        int slash = checked.indexOf('/');
        String prefix = slash < 0 ? "" : checked.substring(0, slash);
        String name = checked.substring(slash + 1);
        if (slash == 0) {
            causes.add(invalid(key, "prefix part must be non-empty", path));
        } else if (slash > 0 && !SUBDOMAIN.matcher(prefix).matches()) {
            causes.add(invalid(key, "prefix part " + SUBDOMAIN_MESSAGE, path));
        }
        if (name.isEmpty()) {
            causes.add(invalid(key, "name part must be non-empty", path));
        } else if (name.length() > LONGEST_VALUE) {
            causes.add(invalid(key, "name part must be no more than " + LONGEST_VALUE + " bytes", path));
        }
        if (!QUALIFIED.matcher(name).matches()) {
            causes.add(invalid(key, QUALIFIED_MESSAGE, path));
        }
    }

    private static ApiException.Cause invalid(String value, String why, String path) {
        return new ApiException.Cause("FieldValueInvalid", "Invalid value: \"" + value + "\": " + why, path);
    }
}
