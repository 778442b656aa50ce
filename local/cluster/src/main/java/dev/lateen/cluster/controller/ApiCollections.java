package dev.lateen.cluster.controller;

import io.fabric8.kubernetes.api.model.APIGroup;
import io.fabric8.kubernetes.api.model.APIResource;
import io.fabric8.kubernetes.api.model.APIResourceList;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.ArrayList;
import java.util.List;

/** The collections of objects that the API has at this moment, custom ones included. */
final class ApiCollections {
    /** One collection of objects. */
    record Collection(String apiVersion, String kind, String plural, boolean namespaced) {
        /** Its path; {@code namespace} is not looked at when the objects have none. */
        String path(String namespace) {
            return Paths.collection(apiVersion, namespaced ? namespace : null, plural);
        }
    }

    private ApiCollections() {}

    /** Every collection that can be listed and emptied, each in its group's preferred version. */
    static List<Collection> of(KubernetesClient client) {
        List<String> versions = new ArrayList<>(List.of("v1"));
        for (APIGroup group : client.getApiGroups().getGroups()) {
            // What is in "extensions" is in its newer group too.
            if (!group.getName().equals("extensions")) {
                versions.add(group.getPreferredVersion().getGroupVersion());
            }
        }
        List<Collection> collections = new ArrayList<>();
        for (String version : versions) {
            APIResourceList resources = client.getApiResources(version);
            for (APIResource each : resources == null ? List.<APIResource>of() : resources.getResources()) {
                if (each.getName().indexOf('/') < 0
                        && each.getVerbs().containsAll(List.of("list", "deletecollection"))) {
                    collections.add(new Collection(
                            version, each.getKind(), each.getName(), Boolean.TRUE.equals(each.getNamespaced())));
                }
            }
        }
        return collections;
    }
}
