package dev.lateen.control.inject;

/**
 * The object that a pod belongs to, for the names that metrics and maps give it.
 *
 * @param apiVersion such as {@code apps/v1}
 * @param kind such as {@code Deployment}
 * @param namespace the namespace, empty when the manifest leaves it to kubectl
 * @param name the object's name
 */
public record Workload(String apiVersion, String kind, String namespace, String name) {
    /** The owner as Istio's node metadata writes it. */
    String owner() {
        String plural = kind.toLowerCase(java.util.Locale.ROOT) + "s";
        return "kubernetes://apis/" + apiVersion + "/namespaces/" + (namespace.isEmpty() ? "default" : namespace) + "/"
                + plural + "/" + name;
    }
}
