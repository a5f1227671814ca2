# Nokogiri, which recovers from what is not well-formed, and REXML.

require 'nokogiri'
require 'rexml/document'
require_relative 'report'

XML = lambda do |env|
  report = Report.new
  text = env['rack.input'].read
  report.body(text)
  report.attempt do
    Nokogiri::XML(text) { |config| config.noent.dtdattr }.then do |document|
      document.xpath('//access_token').each { |element| report.add('xml', 'access_token', element.text) }
      report.add('xml-attribute', 'login', document.root && document.root['access_token'])
    end
  end
  report.attempt do
    document = REXML::Document.new(text)
    REXML::XPath.each(document, '//access_token') do |element|
      report.add('xml', 'access_token', [element.text, element.texts.join])
    end
    report.add('xml-attribute', 'login', document.root.attributes['access_token'])
  end
  [200, { 'Content-Type' => 'application/json' }, [report.text]]
end
