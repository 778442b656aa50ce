package dev.lateen.cluster.api;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/** The kinds that Kubernetes itself has, as a table. */
final class BuiltinTypes {
    // group | version | kind | plural | short names | categories | N(amespaced) or C(luster) | subresources | * when
    // nothing acts on it
    private static final String TABLE = """
            | v1 | Namespace | namespaces | ns | | C | status |
            | v1 | Pod | pods | po | all | N | status |
            | v1 | Service | services | svc | all | N | status |
            | v1 | Endpoints | endpoints | ep | | N | |
            | v1 | ConfigMap | configmaps | cm | | N | |
            | v1 | Secret | secrets | | | N | |
            | v1 | ServiceAccount | serviceaccounts | sa | | N | |
            | v1 | Event | events | ev | | N | |
            | v1 | Node | nodes | no | | C | status |
            | v1 | PersistentVolume | persistentvolumes | pv | | C | status | *
            | v1 | PersistentVolumeClaim | persistentvolumeclaims | pvc | | N | status | *
            | v1 | ResourceQuota | resourcequotas | quota | | N | status | *
            | v1 | LimitRange | limitranges | limits | | N | | *
            | v1 | ReplicationController | replicationcontrollers | rc | all | N | status scale | *
            | v1 | PodTemplate | podtemplates | | | N | | *
            apps | v1 | Deployment | deployments | deploy | all | N | status scale |
            apps | v1 | ReplicaSet | replicasets | rs | all | N | status scale |
            apps | v1 | StatefulSet | statefulsets | sts | all | N | status scale | *
            apps | v1 | DaemonSet | daemonsets | ds | all | N | status | *
            apps | v1 | ControllerRevision | controllerrevisions | | | N | | *
            batch | v1 | Job | jobs | | all | N | status |
            batch | v1 | CronJob | cronjobs | cj | all | N | status | *
            discovery.k8s.io | v1 | EndpointSlice | endpointslices | | | N | |
            coordination.k8s.io | v1 | Lease | leases | | | N | |
            events.k8s.io | v1 | Event | events | ev | | N | |
            autoscaling | v2 | HorizontalPodAutoscaler | horizontalpodautoscalers | hpa | all | N | status | *
            autoscaling | v1 | HorizontalPodAutoscaler | horizontalpodautoscalers | hpa | all | N | status | *
            policy | v1 | PodDisruptionBudget | poddisruptionbudgets | pdb | | N | status | *
            networking.k8s.io | v1 | NetworkPolicy | networkpolicies | netpol | | N | | *
            networking.k8s.io | v1 | Ingress | ingresses | ing | | N | status |
            networking.k8s.io | v1 | IngressClass | ingressclasses | | | C | | *
            rbac.authorization.k8s.io | v1 | Role | roles | | | N | |
            rbac.authorization.k8s.io | v1 | RoleBinding | rolebindings | | | N | |
            rbac.authorization.k8s.io | v1 | ClusterRole | clusterroles | | | C | |
            rbac.authorization.k8s.io | v1 | ClusterRoleBinding | clusterrolebindings | | | C | |
            storage.k8s.io | v1 | StorageClass | storageclasses | sc | | C | | *
            scheduling.k8s.io | v1 | PriorityClass | priorityclasses | pc | | C | | *
            node.k8s.io | v1 | RuntimeClass | runtimeclasses | | | C | | *
            apiextensions.k8s.io | v1 | CustomResourceDefinition | customresourcedefinitions | crd crds | api-extensions | C | status |
            admissionregistration.k8s.io | v1 | MutatingWebhookConfiguration | mutatingwebhookconfigurations | | api-extensions | C | |
            admissionregistration.k8s.io | v1 | ValidatingWebhookConfiguration | validatingwebhookconfigurations | | api-extensions | C | |
            admissionregistration.k8s.io | v1 | ValidatingAdmissionPolicy | validatingadmissionpolicies | | api-extensions | C | status | *
            admissionregistration.k8s.io | v1 | ValidatingAdmissionPolicyBinding | validatingadmissionpolicybindings | | api-extensions | C | | *
            apiregistration.k8s.io | v1 | APIService | apiservices | | api-extensions | C | status | *
            storage.k8s.io | v1 | CSIDriver | csidrivers | | | C | | *
            storage.k8s.io | v1 | CSINode | csinodes | | | C | | *
            storage.k8s.io | v1 | CSIStorageCapacity | csistoragecapacities | | | N | | *
            storage.k8s.io | v1 | VolumeAttachment | volumeattachments | | | C | status | *
            storage.k8s.io | v1 | VolumeAttributesClass | volumeattributesclasses | vac | | C | | *
            networking.k8s.io | v1 | IPAddress | ipaddresses | ip | | C | | *
            networking.k8s.io | v1 | ServiceCIDR | servicecidrs | | | C | status | *
            flowcontrol.apiserver.k8s.io | v1 | FlowSchema | flowschemas | | | C | status | *
            flowcontrol.apiserver.k8s.io | v1 | PriorityLevelConfiguration | prioritylevelconfigurations | | | C | status | *
            resource.k8s.io | v1 | DeviceClass | deviceclasses | | | C | | *
            resource.k8s.io | v1 | ResourceClaim | resourceclaims | | | N | status | *
            resource.k8s.io | v1 | ResourceClaimTemplate | resourceclaimtemplates | | | N | | *
            resource.k8s.io | v1 | ResourceSlice | resourceslices | | | C | | *
            certificates.k8s.io | v1 | CertificateSigningRequest | certificatesigningrequests | csr | | C | status | *
            apps | v1beta2 | Deployment | deployments | | | N | status scale |
            apps | v1beta2 | ReplicaSet | replicasets | | | N | status scale |
            apps | v1beta1 | Deployment | deployments | | | N | status scale |
            extensions | v1beta1 | Deployment | deployments | | | N | status scale |
            extensions | v1beta1 | ReplicaSet | replicasets | | | N | status scale |
            """;

    private BuiltinTypes() {}

    static List<ResourceType> all() {
        List<ResourceType> types = new ArrayList<>();
        for (String line : TABLE.lines().toList()) {
            String[] cells =
                    Arrays.stream(line.split("\\|", -1)).map(String::strip).toArray(String[]::new);
            types.add(new ResourceType(
                    cells[0],
                    cells[1],
                    cells[2],
                    cells[3],
                    cells[2].toLowerCase(java.util.Locale.ROOT),
                    words(cells[4]),
                    words(cells[5]),
                    cells[6].equals("N"),
                    Set.copyOf(words(cells[7])),
                    !cells[8].equals("*"),
                    columns(cells[2])));
        }
        return types;
    }

    private static List<String> words(String text) {
        return text.isEmpty() ? List.of() : List.of(text.split(" "));
    }

    private static List<Column> columns(String kind) {
        return switch (kind) {
            case "Pod" -> PodColumns.all();
            case "Service" -> Columns.services();
            case "Job" -> Columns.jobs();
            case "Node" -> Columns.nodes();
            case "Event" -> Columns.events();
            case "Namespace" ->
                List.of(
                        Column.text(
                                "Status",
                                object -> object.path("status").path("phase").asString("")),
                        Columns.AGE);
            case "ConfigMap" ->
                List.of(Column.number("Data", object -> object.path("data").size()), Columns.AGE);
            case "Secret" ->
                List.of(
                        Column.text("Type", object -> object.path("type").asString("Opaque")),
                        Column.number("Data", object -> object.path("data").size()),
                        Columns.AGE);
            case "ServiceAccount" -> List.of(Columns.AGE);
            case "CustomResourceDefinition" ->
                List.of(Column.text("Created At", object -> object.path("metadata")
                        .path("creationTimestamp")
                        .asString("")));
            default -> KindColumns.of(kind);
        };
    }
}
