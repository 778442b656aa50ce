package dev.lateen.cluster.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Custom objects against a schema; the expected words are those of a real kube-apiserver 1.35. */
class CustomValidationTest {
    private static final JsonNode SCHEMA = Json.parse("""
            {"type":"object","required":["spec"],"properties":{"spec":{"type":"object","required":["size"],
             "x-kubernetes-validations":[
              {"rule":"self.size < 100 || self.mode == 'big'","message":"big sizes need mode big"},
              {"rule":"self.mode == oldSelf.mode","message":"mode is immutable","fieldPath":".mode",
               "reason":"FieldValueForbidden"}],
             "properties":{
              "size":{"type":"integer","minimum":1,"maximum":1000},
              "mode":{"type":"string","enum":["small","big"],"default":"small"},
              "name":{"type":"string","pattern":"^[a-z]+$","maxLength":5},
              "hosts":{"type":"array","items":{"type":"string"},"minItems":1,"maxItems":3},
              "port":{"x-kubernetes-int-or-string":true},
              "map":{"type":"object","additionalProperties":{"type":"integer"}},
              "list":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["k"],
               "items":{"type":"object","required":["k"],"properties":{"k":{"type":"string"}}}},
              "either":{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}},
               "oneOf":[{"required":["a"]},{"required":["b"]}]}}}}}
            """);
    private static final String UNCHECKED =
            "<nil>: Invalid value: null: some validation rules were not checked because the object was invalid;"
                    + " correct the existing errors to complete validation";

    private final CelRules rules = new CelRules();

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"size\":1}                                | false |",
                "{\"size\":1,\"port\":\"http\"}              | false |",
                "{\"size\":100,\"mode\":\"big\"}             | false |",
                "{\"size\":1,\"list\":[{\"k\":\"a\"},{\"k\":\"b\"}]} | false |",
                "{}                                          | true  | spec.size: Required value",
                "{\"size\":0}                                | false | spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1",
                "{\"size\":\"x\"}                            | true  | spec.size: Invalid value: \"string\": spec.size in body must be of type integer: \"string\"",
                "{\"size\":1,\"mode\":\"x\"}                 | true  | spec.mode: Unsupported value: \"x\": supported values: \"small\", \"big\"",
                "{\"size\":1,\"name\":\"abcdef\"}            | true  | spec.name: Too long: may not be more than 5 bytes",
                "{\"size\":1,\"name\":\"A\"}                 | false | spec.name: Invalid value: \"A\": spec.name in body should match '^[a-z]+$'",
                "{\"size\":1,\"hosts\":[]}                   | false | spec.hosts: Invalid value: 0: spec.hosts in body should have at least 1 items",
                "{\"size\":1,\"hosts\":[\"a\",\"b\",\"c\",\"d\"]} | true | spec.hosts: Too many: 4: must have at most 3 items",
                "{\"size\":1,\"hosts\":[1]}                  | true  | spec.hosts[0]: Invalid value: \"integer\": spec.hosts[0] in body must be of type string: \"integer\"",
                "{\"size\":1,\"port\":true}                  | true  | spec.port: Invalid value: \"boolean\": spec.port in body must be of type integer,string: \"boolean\"",
                "{\"size\":1,\"map\":{\"a\":\"b\"}}          | true  | spec.map.a: Invalid value: \"string\": spec.map.a in body must be of type integer: \"string\"",
                "{\"size\":1,\"list\":[{\"k\":\"a\"},{\"k\":\"a\"}]} | false | spec.list[1]: Duplicate value: {\"k\":\"a\"}",
                "{\"size\":1,\"either\":{\"a\":\"1\",\"b\":\"2\"}} | false | <nil>: Invalid value: \"\": \"spec.either\" must validate one and only one schema (oneOf). Found 2 valid alternatives",
                "{\"size\":100}                              | false | spec: Invalid value: big sizes need mode big",
            })
    void create(String spec, boolean rulesUnchecked, String problem) {
        List<String> expected =
                problem == null ? List.of() : rulesUnchecked ? List.of(problem, UNCHECKED) : List.of(problem);
        assertThat(problems(spec, null)).isEqualTo(expected);
    }

    @Test
    void ruleOnTheOldObject_countsInUpdatesOnly() {
        assertThat(problems("{\"size\":1,\"mode\":\"big\"}", "{\"size\":1,\"mode\":\"small\"}"))
                .containsExactly("spec.mode: Forbidden: mode is immutable");
        assertThat(problems("{\"size\":2,\"mode\":\"small\"}", "{\"size\":1,\"mode\":\"small\"}"))
                .isEmpty();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {"self.size >  | true", "nobody.size > 1 | true", "self.size > 1 | false", "has(self.x) | false"})
    void aRuleThatDoesNotCompile_isAProblem(String rule, boolean problem) {
        assertThat(rules.problem(rule) != null).isEqualTo(problem);
    }

    private List<String> problems(String spec, @org.jspecify.annotations.Nullable String before) {
        ObjectNode object = object(spec);
        CustomValidation.defaults(SCHEMA, object);
        return CustomValidation.problems(rules, SCHEMA, object, before == null ? null : object(before)).stream()
                .map(cause -> cause.field() + ": " + cause.message())
                .toList();
    }

    private static ObjectNode object(String spec) {
        return (ObjectNode) Json.parse("{\"spec\":" + spec + "}");
    }
}
