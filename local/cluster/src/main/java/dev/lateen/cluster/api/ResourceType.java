package dev.lateen.cluster.api;

import java.util.List;
import java.util.Set;

/**
 * One resource of the API: what it is called in every way that clients call it.
 *
 * @param group API group, empty for the core
 * @param version the version served
 * @param kind kind of its objects
 * @param plural the resource's name in paths
 * @param singular the name for one
 * @param shortNames abbreviations that kubectl takes
 * @param categories such as {@code all}
 * @param namespaced whether objects live in namespaces
 * @param subresources such as {@code status} and {@code scale}
 * @param acted whether a controller here acts on its objects; others are stored with a warning
 * @param columns columns of {@code kubectl get} beside the name
 */
record ResourceType(
        String group,
        String version,
        String kind,
        String plural,
        String singular,
        List<String> shortNames,
        List<String> categories,
        boolean namespaced,
        Set<String> subresources,
        boolean acted,
        List<Column> columns) {

    /** The key of its objects in the store: every version of a resource shares it. */
    String stored() {
        return switch (group) {
            case "extensions" -> "apps/" + plural;
            case "events.k8s.io" -> "/" + plural;
            default -> group + "/" + plural;
        };
    }

    /** {@code deployments.apps}, as messages name it. */
    String groupResource() {
        return group.isEmpty() ? plural : plural + "." + group;
    }

    String apiVersion() {
        return group.isEmpty() ? version : group + "/" + version;
    }

    boolean hasStatus() {
        return subresources.contains("status");
    }
}
