package dev.lateen.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.config.yaml.YamlText;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

class CustomResourceDefinitionsTest {
    private static ObjectNode definition(String name) {
        return CustomResourceDefinitions.all().stream()
                .filter(d -> d.path("metadata").path("name").asString().equals(name))
                .findFirst()
                .orElseThrow();
    }

    /** The schema of a field by path; {@code []} steps into a list. */
    private static JsonNode schema(String definition, String path) {
        JsonNode node = definition(definition).at("/spec/versions/0/schema/openAPIV3Schema");
        for (String step : path.split("\\.")) {
            node = node.path("properties").path(step.replace("[]", ""));
            if (step.endsWith("[]")) {
                node = node.path("items");
            }
        }
        return node;
    }

    @ParameterizedTest
    @CsvSource({
        "virtualservices.networking.istio.io, VirtualService, vs",
        "destinationrules.networking.istio.io, DestinationRule, dr",
        "gateways.networking.istio.io, Gateway, gw",
        "serviceentries.networking.istio.io, ServiceEntry, se"
    })
    void servesEveryVersionAndStoresOne(String name, String kind, String shortName) {
        JsonNode spec = definition(name).path("spec");
        assertThat(spec.at("/names/kind").asString()).isEqualTo(kind);
        assertThat(spec.at("/names/shortNames/0").asString()).isEqualTo(shortName);
        List<String> versions = new ArrayList<>();
        spec.path("versions")
                .forEach(v -> versions.add(
                        v.path("name").asString() + (v.path("storage").booleanValue() ? "*" : "")));
        assertThat(versions).containsExactly("v1*", "v1beta1", "v1alpha3");
    }

    /** What the schema says of a field, as a JSON pointer into it. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            virtualservices  | spec.hosts                                         | /type                               | "array"
            virtualservices  | spec.http[].timeout                                | /maxLength                          | 64
            virtualservices  | spec.http[].retries.attempts                       | /minimum                            | 0
            virtualservices  | spec.http[].match[].headers                        | /additionalProperties/oneOf/1       | {"required":["exact"]}
            virtualservices  | spec.http[].match[].uri                            | /oneOf/3/required/0                 | "regex"
            virtualservices  | spec.http[].route[].destination                    | /required/0                         | "host"
            virtualservices  | spec.http[].route[].destination.host               | /minLength                          | 1
            virtualservices  | spec.http[].delegate                               | /required/0                         | "name"
            gateways         | spec.servers[]                                     | /x-kubernetes-validations/0/rule    | "!has(self.defaultEndpoint)"
            proxyconfigs | spec.image | /x-kubernetes-preserve-unknown-fields | true
            virtualservices  | spec.http[].mirror_percent                         | /maximum                            | 100
            destinationrules | spec.trafficPolicy.retryBudget.budgetInterval      | /description                        | "needs retry budgets over an interval, which this version does not have"
            destinationrules | spec                                               | /required                           | ["host"]
            destinationrules | spec.trafficPolicy.loadBalancer.simple             | /enum/2                             | "RANDOM"
            destinationrules | spec.trafficPolicy.loadBalancer                    | /oneOf/0/not/anyOf/1/required/0     | "consistentHash"
            destinationrules | spec.trafficPolicy.loadBalancer.consistentHash     | /oneOf/0                            | {"required":["httpHeaderName"]}
            destinationrules | spec.trafficPolicy.loadBalancer.consistentHash     | /allOf/0/oneOf/1                    | {"required":["ringHash"]}
            envoyfilters     | spec.configPatches[].applyTo                       | /x-kubernetes-validations/0         | {"rule":"self != 'EXTENSION_CONFIG'","message":"EXTENSION_CONFIG needs filters that come by name, which this version does not have"}
            destinationrules | spec.trafficPolicy.outlierDetection.consecutiveErrors | /description                     | "is outdated: write consecutive5xxErrors or consecutiveGatewayErrors"
            gateways         | spec.servers                                       | /minItems                           | 1
            gateways         | spec.servers[].port.number                         | /maximum                            | 65535
            serviceentries   | spec.resolution                                    | /enum/2                             | "DNS"
            serviceentries   | spec.endpoints[].ports                             | /additionalProperties/type          | "integer"
            """)
    void schemas(String plural, String path, String pointer, String json) {
        assertThat(schema(plural + ".networking.istio.io", path).at(pointer)).hasToString(json);
    }

    @ParameterizedTest
    @CsvSource({
        "destinationpolicies.config.istio.io, write a DestinationRule of networking.istio.io/v1",
        "routerules.config.istio.io, write a VirtualService of networking.istio.io/v1"
    })
    void retiredKindsRefuseEveryObject(String name, String words) {
        JsonNode rule = definition(name).at("/spec/versions/0/schema/openAPIV3Schema/x-kubernetes-validations/0");
        assertThat(rule.path("rule").asString()).isEqualTo("false");
        assertThat(rule.path("message").asString()).contains(words);
    }

    /** Tools leave out kinds of the Gateway API whose definitions do not tell their release, or too old a one. */
    @ParameterizedTest
    @CsvSource({"httproutes, v1", "tlsroutes, v1", "backendtlspolicies, v1", "listenersets, v1", "tcproutes, v1"})
    void kindsOfTheGatewayApiTellTheirRelease(String plural, String version) {
        JsonNode definition = definition(plural + ".gateway.networking.k8s.io");
        JsonNode annotations = definition.at("/metadata/annotations");
        assertThat(annotations.path("gateway.networking.k8s.io/bundle-version").asString())
                .isEqualTo("v1.6.0");
        assertThat(annotations.path("gateway.networking.k8s.io/channel").asString())
                .isEqualTo("standard");
        assertThat(definition.at("/spec/versions/0/name").asString()).isEqualTo(version);
    }

    /** Kubernetes refuses a schema that is not structural: a type everywhere but below oneOf, anyOf, allOf and not. */
    @Test
    void schemasAreStructural() {
        for (ObjectNode definition : CustomResourceDefinitions.all()) {
            for (JsonNode version : definition.at("/spec/versions")) {
                checkStructural(version.at("/schema/openAPIV3Schema"), "");
            }
        }
    }

    private static void checkStructural(JsonNode schema, String path) {
        assertThat(schema.path("type").isString()).as("type of " + path).isTrue();
        if (schema.has("properties")) {
            schema.path("properties").properties().forEach(p -> checkStructural(p.getValue(), path + "." + p.getKey()));
        }
        if (schema.has("items")) {
            checkStructural(schema.path("items"), path + "[]");
        }
        if (schema.has("additionalProperties")) {
            checkStructural(schema.path("additionalProperties"), path + "{}");
        }
        if (schema.path("type").asString().equals("array")) {
            assertThat(schema.has("items")).as("items of " + path).isTrue();
        }
    }

    @Test
    void theYamlHoldsTheSame() {
        YamlText yaml = YamlText.read(CustomResourceDefinitions.yaml());
        assertThat(yaml.problems()).isEmpty();
        assertThat(yaml.documents())
                .extracting(d -> d.tree().toString())
                .isEqualTo(CustomResourceDefinitions.all().stream()
                        .map(ObjectNode::toString)
                        .toList());
    }
}
