# What the Ruby back ends share: the same list of [place, name, value] as in report.py.

require 'base64'
require 'json'

class Report
  def initialize
    @seen = []
  end

  # Notes a value, and what is nested in it. A list counts as its elements.
  def add(place, name, value)
    case value
    when Hash then value.each { |key, member| add(place, name.empty? ? key.to_s : "#{name}.#{key}", member) }
    when Array then value.each { |element| add(place, name, element) }
    when nil then nil
    else
      @seen << [place, clean(name), clean(value.to_s)]
      wrapped(place, value.to_s) if %w[query header cookie form multipart].include?(place)
    end
  end

  # A value that is a JSON object, as applications open it.
  def wrapped(place, text)
    document = JSON.parse(text)
    add("#{place}-json", '', document) if document.is_a?(Hash)
  rescue StandardError
    nil
  end

  # Runs one view; one that the framework refuses shows nothing, the others still count.
  def attempt
    yield
  rescue StandardError
    nil
  end

  # JSON has types: there a list is something else than its elements.
  def document(name, value)
    value = value.each_with_index.to_h { |member, index| [index, member] } if value.is_a?(Array)
    return add('json', name, value) unless value.is_a?(Hash)

    value.each { |key, member| document(name.empty? ? key.to_s : "#{name}.#{key}", member) }
  end

  def headers(env)
    env.each do |key, value|
      next unless key.start_with?('HTTP_')

      name = key.delete_prefix('HTTP_').downcase.tr('_', '-')
      add('header', name, [value, *value.split(',').map(&:strip)])
    end
    authorization(env['HTTP_AUTHORIZATION'].to_s)
  end

  # What lax applications take for the credentials.
  def authorization(value)
    rest = value.split(' ', 2)[1].to_s.strip
    add('credentials', '', [rest, rest.split.first, value.split.last, value[/Bearer (.*)/, 1]])
  end

  def path(path)
    segments = path.split('/')
    add('path', '', segments + segments.map { |segment| segment.split(';').first })
  end

  def body(text)
    add('raw', '', text[0, 2000])
    attempt { document('', JSON.parse(text)) }
  end

  # A multipart field, a file with its contents, or a form field.
  def form(params, place)
    params.each do |name, value|
      if value.is_a?(Hash) && value[:tempfile]
        add('file', name.to_s, value[:tempfile].read)
        add('filename', name.to_s, value[:filename])
      else
        add(place, name.to_s, value)
      end
    end
  end

  def text
    JSON.generate(@seen)
  end

  private

  def clean(text)
    text = text.dup.force_encoding('UTF-8')
    text.valid_encoding? ? text : text.force_encoding('ISO-8859-1').encode('UTF-8')
  end
end
