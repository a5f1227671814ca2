import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.Callable;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;

/** What the Java back ends share: the same list of [place, name, value] as in report.py. */
final class Report {
    private static final ObjectMapper STRICT = new ObjectMapper();
    /** As applications that have met odd clients set it up. */
    private static final ObjectMapper LENIENT = JsonMapper.builder()
        .enable(JsonReadFeature.values())
        .build();

    private final List<String[]> seen = new ArrayList<>();

    void add(String place, String name, String value) {
        if (value == null) return;
        seen.add(new String[] {place, name == null ? "" : name, value});
        if (List.of("query", "header", "cookie", "form", "multipart").contains(place)) {
            attempt(() -> wrapped(place, value));
        }
    }

    /** A value that is a JSON object, as applications open it. */
    private Void wrapped(String place, String value) throws Exception {
        if (!value.trim().startsWith("{")) return null;
        STRICT.readTree(value).fields().forEachRemaining(member ->
            add(place + "-json", member.getKey(), member.getValue().asText()));
        return null;
    }

    /** Runs one view; one that the framework refuses shows nothing, the others still count. */
    void attempt(Callable<?> view) {
        try {
            view.call();
        } catch (Exception | StackOverflowError ignored) {
            // Whatever a parser throws.
        }
    }

    void header(String name, String value) {
        String spelled = name.toLowerCase().replace('_', '-');
        add("header", spelled, value);
        for (String element : value.split(",")) add("header", spelled, element.trim());
        if (spelled.equals("authorization")) authorization(value);
    }

    /** What lax applications take for the credentials, and both sides of Basic. */
    private void authorization(String value) {
        String[] words = value.trim().split("\\s+", 2);
        if (words.length < 2) return;
        add("credentials", "", words[1]);
        add("credentials", "", words[1].split("\\s+")[0]);
        if (words[0].equalsIgnoreCase("basic")) attempt(() -> basic(words[1]));
    }

    private Void basic(String text) {
        String pair = new String(Base64.getDecoder().decode(text), StandardCharsets.UTF_8);
        int colon = pair.indexOf(':');
        add("basic_user", "", colon < 0 ? pair : pair.substring(0, colon));
        if (colon >= 0) add("basic_password", "", pair.substring(colon + 1));
        return null;
    }

    void path(String path) {
        for (String segment : path.split("/")) {
            add("path", "", segment);
            add("path", "", segment.split(";")[0]);
        }
    }

    /** The body as JSON and as XML, whatever its type. */
    void body(byte[] body) {
        add("raw", "", new String(body, 0, Math.min(body.length, 2000), StandardCharsets.ISO_8859_1));
        for (ObjectMapper mapper : List.of(STRICT, LENIENT)) {
            attempt(() -> jackson("", mapper.readTree(body)));
        }
        attempt(() -> gson("", JsonParser.parseString(new String(body, StandardCharsets.UTF_8))));
        attempt(() -> xml(body));
    }

    private Void jackson(String name, JsonNode node) {
        if (node.isObject()) node.fields().forEachRemaining(m -> jackson(join(name, m.getKey()), m.getValue()));
        else if (node.isArray()) for (int i = 0; i < node.size(); i++) jackson(join(name, "" + i), node.get(i));
        else if (!node.isNull()) add("json", name, node.asText());
        return null;
    }

    private Void gson(String name, JsonElement node) {
        if (node.isJsonObject()) node.getAsJsonObject().entrySet().forEach(m -> gson(join(name, m.getKey()), m.getValue()));
        else if (node.isJsonArray()) for (int i = 0; i < node.getAsJsonArray().size(); i++) gson(join(name, "" + i), node.getAsJsonArray().get(i));
        else if (node.isJsonPrimitive()) add("json", name, node.getAsString());
        return null;
    }

    private static String join(String name, String member) {
        return name.isEmpty() ? member : name + "." + member;
    }

    /** The parser of the JDK: entities of the document itself, none from outside. */
    private Void xml(byte[] body) throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setAttribute("http://javax.xml.XMLConstants/property/accessExternalDTD", "");
        factory.setCoalescing(true);
        var builder = factory.newDocumentBuilder();
        builder.setErrorHandler(null);
        Document document = builder.parse(new ByteArrayInputStream(body));
        NodeList found = document.getElementsByTagName("access_token");
        for (int i = 0; i < found.getLength(); i++) {
            Element element = (Element) found.item(i);
            add("xml", "access_token", element.getTextContent());
            StringBuilder own = new StringBuilder();
            for (Node child = element.getFirstChild(); child != null; child = child.getNextSibling()) {
                if (child.getNodeType() == Node.TEXT_NODE) own.append(child.getNodeValue());
            }
            add("xml", "access_token", own.toString());
        }
        Element root = document.getDocumentElement();
        if (root.hasAttribute("access_token")) add("xml-attribute", root.getTagName(), root.getAttribute("access_token"));
        return null;
    }

    byte[] text() {
        try {
            return STRICT.writeValueAsBytes(seen);
        } catch (Exception error) {
            throw new IllegalStateException(error);
        }
    }
}
