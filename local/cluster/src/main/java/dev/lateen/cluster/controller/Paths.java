package dev.lateen.cluster.controller;

import io.fabric8.kubernetes.api.model.HasMetadata;
import org.jspecify.annotations.Nullable;

/** Where the API keeps objects. */
final class Paths {
    private Paths() {}

    /** The path of a built-in object. */
    static String of(HasMetadata object) {
        String namespace = object.getMetadata().getNamespace();
        return collection(object.getApiVersion(), namespace, object.getPlural()) + "/"
                + object.getMetadata().getName();
    }

    /** The path of a collection; {@code namespace} null or empty for what has none. */
    static String collection(String apiVersion, @Nullable String namespace, String plural) {
        String root = apiVersion.indexOf('/') < 0 ? "/api/" : "/apis/";
        String place = namespace == null || namespace.isEmpty() ? "/" : "/namespaces/" + namespace + "/";
        return root + apiVersion + place + plural;
    }
}
